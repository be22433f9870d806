// npm: @supabase/supabase-js@2.109.0
import { createClient } from "@supabase/supabase-js";
export default () => { const s = createClient("https://x.supabase.co", "anon", { auth: { persistSession: false, autoRefreshToken: false }, realtime: { transport: class {} } }); const q = s.from("t").select("a,b").eq("c", 1).order("d"); return Response.json([q.url.toString(), s.storage.from("b").getPublicUrl("x.png")]); };

const $ = (id) => document.getElementById(id);

$("form").addEventListener("submit", async (e) => {
  e.preventDefault();
  const r = await fetch("/api/preview?" + new URLSearchParams({ url: $("link").value }));
  const found = await r.json().catch(() => ({ error: "Something went wrong. Try again in a moment." }));
  const problem = r.ok ? "" : (found.error?.message ?? found.error);
  $("problem").textContent = problem;
  $("problem").hidden = problem === "";
  $("card").hidden = problem !== "";
  if (problem !== "") return;
  $("card").href = found.url;
  $("title").textContent = found.title || found.url;
  $("description").textContent = found.description;
  $("url").textContent = new URL(found.url).host;
  $("image").hidden = found.image === "";
  if (found.image !== "") $("image").src = found.image;
});

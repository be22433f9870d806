import { useEffect, useState } from "react";

export function App() {
  const [count, setCount] = useState<number>();

  async function load(method: "GET" | "POST") {
    const response = await fetch("/api/count", { method });
    setCount(((await response.json()) as { count: number }).count);
  }

  useEffect(() => {
    void load("GET");
  }, []);

  return (
    <main>
      <h1>React, with a function.</h1>
      <p>
        This page is <code>src/App.tsx</code>. The count is kept by <code>api/main.ts</code>.
      </p>
      <button onClick={() => load("POST")}>Count: {count ?? "…"}</button>
    </main>
  );
}

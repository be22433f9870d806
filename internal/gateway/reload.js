// Reloads the page when another deployment than its own is live. `fazt dev` adds it to every page.
{
  const script = document.currentScript.src;
  const own = new URL(script).search.slice(1);
  const live = new EventSource(new URL("reload", script));
  live.onmessage = ({ data }) => {
    if (data && data !== own) {
      live.close();
      location.reload();
    }
  };
}

// Reloads the page when another deployment than its own is live. `fazt dev` adds it to every page.
{
  const own = new URL(document.currentScript.src).search.slice(1);
  const live = new EventSource("/_fazt/reload");
  live.onmessage = ({ data }) => {
    if (data && data !== own) {
      live.close();
      location.reload();
    }
  };
}

// A single-page app without a build step: fazt.json sets "spa", so every path without a file gets index.html, and this
// script shows the page for the path.

const pages = {
  "/": () => element("h1", "One page, many addresses."),
  "/count": count,
  "/about": () => element("h1", "About"),
};

const place = document.getElementById("page");

function show() {
  const page = pages[location.pathname] ?? (() => element("h1", "Page not found"));
  place.replaceChildren(page());
  for (const link of document.querySelectorAll("nav a")) {
    link.toggleAttribute("aria-current", link.pathname === location.pathname);
  }
}

function count() {
  const button = element("button", "Clicked 0 times");
  let n = 0;
  button.addEventListener("click", () => (button.textContent = `Clicked ${++n} times`));
  return button;
}

function element(name, text) {
  const e = document.createElement(name);
  e.textContent = text;
  return e;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || link.origin !== location.origin || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  show();
  place.focus({ preventScroll: true });
});
addEventListener("popstate", show);
show();

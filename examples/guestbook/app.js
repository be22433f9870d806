// The page: loads entries, sends new ones, and shows error messages. Text from guests is only ever inserted as text
// (textContent), never as markup.

const $ = (id) => document.getElementById(id);
const form = $("form");
const list = $("list");
const more = $("more");
let cursor = "";

/** Calls the API and returns its JSON; throws an Error with a message for the visitor, and `field` if a field is wrong. */
async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The server cannot be reached. Check your connection and try again.");
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  const error = new Error(body?.error?.message ?? `The server answered with status ${response.status}.`);
  error.field = body?.error?.field;
  throw error;
}

async function load() {
  more.disabled = true;
  $("failed").hidden = true;
  list.setAttribute("aria-busy", "true");
  try {
    const page = await call(`/api/entries?limit=20&cursor=${encodeURIComponent(cursor)}`);
    list.querySelectorAll(".ghost").forEach((ghost) => ghost.remove());
    const items = page.entries.map(render);
    list.append(...items);
    if (cursor && items.length) focusOn(items[0]);
    cursor = page.next ?? "";
    more.hidden = !cursor;
    $("empty").hidden = list.childElementCount > 0;
  } catch (error) {
    list.querySelectorAll(".ghost").forEach((ghost) => ghost.remove());
    $("failed-reason").textContent = error.message;
    $("failed").hidden = false;
  } finally {
    more.disabled = false;
    list.removeAttribute("aria-busy");
  }
}

async function send() {
  const button = form.querySelector("button");
  button.disabled = true;
  clearErrors();
  try {
    const entry = await call("/api/entries", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: form.elements.name.value, message: form.elements.message.value }),
    });
    $("empty").hidden = true;
    const item = render(entry);
    item.classList.add("new");
    list.prepend(item);
    form.elements.message.value = "";
    count();
    $("status").textContent = "Your entry is in the guestbook. Thank you.";
  } catch (error) {
    showError(error.field ?? "form", error.message);
  } finally {
    button.disabled = false;
  }
}

function render({ name, message, at }) {
  const item = element("li", "entry");
  const seal = element("span", "seal", [...name][0].toUpperCase());
  seal.style.setProperty("--hue", hue(name));
  seal.setAttribute("aria-hidden", "true");

  const time = element("time", "", ago(new Date(at)));
  time.dateTime = at;
  time.title = new Date(at).toLocaleString();
  const head = element("header");
  head.append(element("span", "name", name), time);

  const body = element("article");
  body.append(head, element("p", "message", message));
  item.append(seal, body);
  return item;
}

function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

const hue = (name) => [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 360, 7);

/** How long ago, in the reader's language: "5 minutes ago". */
function ago(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  if (seconds > -45) return words.format(0, "second");
  for (const [unit, size] of [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600]]) {
    if (-seconds >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(Math.min(-1, Math.round(seconds / 60)), "minute");
}

function focusOn(item) {
  item.tabIndex = -1;
  item.focus({ preventScroll: true });
}

function showError(field, message) {
  const at = $(`${field}-error`) ?? $("form-error");
  at.textContent = message;
  at.hidden = false;
  const input = form.elements[field];
  if (!input) return;
  input.setAttribute("aria-invalid", "true");
  input.focus();
}

function clearErrors() {
  for (const error of form.querySelectorAll(".error")) error.hidden = true;
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

function count() {
  const input = form.elements.message;
  const left = input.maxLength - input.value.length;
  $("message-count").textContent = `${left} ${left === 1 ? "character" : "characters"} left`;
  $("message-count").classList.toggle("near", left <= 50);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
form.elements.message.addEventListener("input", count);
more.addEventListener("click", load);
$("retry").addEventListener("click", load);
load();

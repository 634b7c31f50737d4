/* Filling a form: what hangs on an answer comes and goes at once, rows are added, names are drawn, answers are held against
   their schema before they are sent, and a page that is left is kept. Without it every page works as it is, by saving. */
const form = document.querySelector("form.fill");
/* A field may be called anything, and what is called as a property of a form takes its place: attributes are asked for. */
const all = (selector, inside) => Array.from((inside || form).querySelectorAll(selector));
const NEAR = 4;
let check = null, dirty = false;

/* --- what is answered, as JSON has it --- */
const named = (name) => all("[name]").filter((one) => one.name === name && !(one.type === "radio" && !one.checked))[0];
const typed = (name) => (named(name) ? named(name).value : "").trim();
const ticked = (name) => all("input[type=checkbox]").some((box) => box.name === name && box.checked);
const some = (object) => (Object.keys(object).length ? object : undefined);
function number(text) {
  const plain = text.replace(/[,\uff0c]/g, "");
  return /^-?[0-9]{1,15}(\.[0-9]{1,6})?$/.test(plain) ? Number(plain) : text;
}
function told(name, schema, way) {
  if (way === "choices") {
    const chosen = schema.items.enum.filter((value) => ticked(`${name}.${value}`));
    return chosen.length ? chosen : undefined;
  }
  if (schema.const === true) return ticked(name) ? true : undefined;
  if (schema.type === "object") return some(object(name, schema));
  if (schema.type === "array") {
    const rows = all(".row", document.getElementById(`of-${name}`)).map((_, place) => object(`${name}.${place}`, schema.items));
    const kept = rows.filter(some);
    return kept.length ? kept : undefined;
  }
  const text = typed(name);
  if (!text) return undefined;
  if (schema.type === "number" || schema.type === "integer") return number(text);
  if (way === "signature") return /^(typed|drawn):/.test(text) ? text : `typed:${text}`;
  return check ? check.tidy(schema.format || "", text) : text;
}
function object(beginning, schema) {
  const found = {};
  for (const [name, one] of Object.entries(schema.properties)) {
    const value = told(`${beginning}.${name}`, one, "");
    if (value !== undefined) found[name] = value;
  }
  return found;
}
const answer = (box) => told(box.dataset.name, JSON.parse(box.dataset.schema), box.dataset.way);

/* --- what hangs on an answer --- */
function follow() {
  for (const box of all("[data-when]")) {
    const other = document.getElementById(`of-${box.dataset.when}`);
    if (!other || !other.dataset.schema) continue; /* asked on another page, or known */
    const values = JSON.parse(box.dataset.is);
    const said = other.hidden ? undefined : answer(other);
    const met = said === true ? values.includes("yes")
      : Array.isArray(said) ? said.some((one) => values.includes(one)) : values.includes(said);
    box.hidden = box.disabled = !met;
  }
}

/* --- what is wrong --- */
function mark(box, code) {
  const place = box.querySelector(".wrong-with"), fields = all("input:not([type=hidden]), select, textarea", box);
  box.classList.toggle("wrong", Boolean(code));
  place.hidden = !code;
  if (code) place.textContent = place.dataset[code];
  const group = box.querySelector(".asked");
  for (const one of group ? [group] : fields) code ? one.setAttribute("aria-invalid", "true") : one.removeAttribute("aria-invalid");
  return Boolean(code);
}
function look(box) {
  if (box.hidden) return false;
  const schema = JSON.parse(box.dataset.schema), value = answer(box);
  const agreed = ticked(`use.${box.dataset.name}`);
  if (value === undefined) return mark(box, "needed" in box.dataset && !agreed ? "required" : "");
  return mark(box, check.wrong(schema, value).length ? "invalid" : "");
}
function learn() {
  if (!check) import("./forms-check.js").then((found) => { check = found; form.noValidate = true; }).catch(() => {});
}

/* --- a table: one row more --- */
function grow(rows) {
  const found = all(".row", rows), button = rows.querySelector(".add-row");
  const copy = found[found.length - 1].cloneNode(true), place = found.length;
  for (const one of copy.querySelectorAll("[name], [for]")) {
    const next = (text) => text.replace(/\.[0-9]+\./, `.${place}.`);
    if (one.name) { one.name = next(one.name); one.id = next(one.id); } else one.htmlFor = next(one.htmlFor);
    if (one.type === "checkbox") one.checked = false; else if ("value" in one) one.value = "";
  }
  copy.setAttribute("aria-label", copy.getAttribute("aria-label").replace(/[0-9]+/, place + 1));
  copy.querySelector(".number").textContent = place + 1;
  found[place - 1].after(copy);
  button.hidden = place + 1 >= Number(rows.dataset.most);
  copy.querySelector("input, select").focus();
}

/* --- a name drawn by a finger --- */
function pad(place, box) {
  const canvas = place.querySelector("canvas"), field = place.querySelector(".path"), name = box.querySelector(".name");
  const drawing = canvas.getContext("2d"), clear = place.querySelector(".clear"), old = place.querySelector("svg");
  let path = field.value.replace("drawn:", ""), last = null;
  place.hidden = canvas.hidden = clear.hidden = false;
  if (old) old.remove();
  function show() {
    drawing.clearRect(0, 0, canvas.width, canvas.height);
    drawing.lineWidth = 4;
    drawing.lineCap = drawing.lineJoin = "round";
    drawing.strokeStyle = "#14213d";
    drawing.stroke(new Path2D(path));
  }
  /* one of the two is sent: what was drawn, or the name that was typed */
  function keep() {
    field.value = path ? `drawn:${path}` : "";
    path || !name ? field.setAttribute("name", field.dataset.name) : field.removeAttribute("name");
    if (name) path ? name.removeAttribute("name") : name.setAttribute("name", name.dataset.name);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function at(event) {
    const frame = canvas.getBoundingClientRect();
    const within = (value, most) => Math.max(0, Math.min(most, Math.round(value)));
    return [within((event.clientX - frame.left) * canvas.width / frame.width, canvas.width),
      within((event.clientY - frame.top) * canvas.height / frame.height, canvas.height)];
  }
  function line(point) {
    if (path.length + 9 > Number(box.dataset.longest)) return;
    path += `L${point[0]} ${point[1]}`;
    last = point;
    show();
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (path.split("M").length > Number(box.dataset.strokes) || path.length + 18 > Number(box.dataset.longest)) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    path += `M${last[0]} ${last[1]}`;
    line(last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const point = at(event);
    if (Math.abs(point[0] - last[0]) + Math.abs(point[1] - last[1]) >= NEAR) line(point);
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, () => { if (last) { last = null; keep(); } });
  }
  clear.addEventListener("click", () => { path = ""; show(); keep(); });
  if (name) name.addEventListener("input", () => { if (path && name.value) { path = ""; show(); keep(); } });
  show();
}

/* --- a page that is left is kept, and a lost connection is told --- */
function kept(going) {
  const fields = new URLSearchParams(new FormData(form));
  fields.set("go", "stay");
  fields.delete("next");
  dirty = false;
  return fetch(form.getAttribute("action"), { method: "POST", body: fields, credentials: "same-origin", keepalive: going })
    .then((answered) => { if (!answered.ok) dirty = true; else if (!going) document.getElementById("saved").textContent = form.getAttribute("data-saved"); })
    .catch(() => { dirty = true; });
}
function offline() {
  const place = document.getElementById("lost");
  place.hidden = navigator.onLine;
  if (!navigator.onLine) place.textContent = form.getAttribute("data-offline");
  return !navigator.onLine;
}

if (form) {
  form.addEventListener("focusin", learn, { once: true });
  form.addEventListener("input", (event) => {
    dirty = true;
    follow();
    const box = event.target.closest(".question.wrong");
    if (box && check) look(box);
  });
  form.addEventListener("change", follow);
  form.addEventListener("click", (event) => { if (event.target.matches(".add-row")) grow(event.target.closest(".rows")); });
  document.addEventListener("submit", (event) => {
    if (event.target !== form) return;
    const goes = event.submitter ? event.submitter.value : "next";
    const wrong = check && goes === "next" ? all(".question").filter(look) : [];
    if (!wrong.length && !offline()) { dirty = false; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (wrong.length) all("input:not([type=hidden]), select, textarea", wrong[0])[0].focus();
  }, true);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && dirty) kept(true); });
  document.addEventListener("click", (event) => { if (dirty && event.target.closest("a[href^='/forms/']")) kept(true); });
  for (const kind of ["online", "offline"]) window.addEventListener(kind, () => { if (!offline() && dirty) kept(false); });
  all(".add-row").forEach((one) => { one.hidden = all(".row", one.closest(".rows")).length >= Number(one.closest(".rows").dataset.most); });
  all(".signing").forEach((box) => { const place = box.querySelector(".pad"); if (place) pad(place, box); });
  follow();
  const first = form.querySelector("[aria-invalid]");
  if (first) (first.matches("fieldset") ? first.querySelector("input") || first : first).focus();
}

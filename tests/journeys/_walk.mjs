import { browser, visitor, signIn, accessible, fits, personas, PHONE, DESK, URL_ } from "./browser.mjs";
const opened = await browser();
const found = await personas();
const student = { persona: "student:2022S01001" };
console.log(JSON.stringify(found.students.slice(-3)), student.persona);
const who = process.argv[2] ?? "all";
const walks = {
  student: [student.persona, ["/archive", "/archive/portrait", "/archive/records?kind=book", "/archive/activities", "/archive/claim", "/archive/transcript"]],
  counsellor: ["counsellor:S01", ["/archive/students", "/archive/certify", "/archive/certify/rounds", "/archive/groups/S01", "/archive/quiet", "/archive/activities"]],
  affairs: ["department-officer:student-affairs", ["/archive/students?school=S01", "/archive/groups", "/archive/quiet", "/archive/selections", "/archive/deliveries", "/archive/activities"]],
  admin: ["administrator:admin", ["/archive/devices", "/archive/deliveries", "/archive/groups", "/archive/selections"]],
};
for (const [name, [persona, paths]] of Object.entries(walks)) {
  if (who !== "all" && who !== name) continue;
  for (const language of ["zh-CN", "en"]) {
    const { page, errors, context } = await visitor(opened, { language, viewport: PHONE });
    await signIn(page, persona);
    for (const path of paths) {
      const began = Date.now();
      const answer = await page.goto(URL_ + path, { waitUntil: "networkidle" });
      const took = Date.now() - began;
      const size = (await answer.body()).length;
      const told = [];
      for (const check of [accessible, fits]) { try { await check(page); } catch (error) { told.push(String(error.message).slice(0, 700)); } }
      console.log(name, language, path, answer.status(), `${size} B`, `${took} ms`, errors.splice(0).join(";"), told.join("\n   "));
      await page.screenshot({ path: `/tmp/shots/${name}-${language}-${path.replace(/[^a-z0-9]+/gi, "_")}.png`, fullPage: true });
    }
    await context.close();
  }
}
await opened.close();

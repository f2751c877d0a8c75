// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Opens every page in a real Chromium: node check.mjs CHROMIUM FOLDER_OF_PAGES FOLDER_FOR_SCREENSHOTS PAGE...
// Prints one line a problem, and how much was looked at.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { readFileSync } from "node:fs";

// The packages stand in the folder that this runs in, not beside this file.
const require = createRequire(join(process.cwd(), "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [program, folder, shots, ...pages] = process.argv.slice(2);
const problems = [];
let looks = 0;
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });

const sizes = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
for (const page of pages) {
  const address = pathToFileURL(join(folder, page)).href;
  let linksWithout = 0;
  for (const scripts of [false, true]) {
    for (const colorScheme of scripts ? ["light", "dark"] : ["light"]) {
      for (const [size, viewport] of Object.entries(sizes)) {
        const where = `${page} (${colorScheme}, ${size}, ${scripts ? "with" : "without"} scripts)`;
        const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled: scripts, bypassCSP: true });
        const tab = await context.newPage();
        tab.on("pageerror", (error) => problems.push(`${where}: ${error.message}`));
        tab.on("requestfailed", (request) => problems.push(`${where}: ${request.url()} cannot be read`));
        await tab.goto(address);
        looks += 1;
        const links = await tab.locator("a[href]").count();
        const texts = await tab.locator("main").innerText();
        if (texts.length < 100) problems.push(`${where}: nothing to read`);
        if (!scripts) {
          linksWithout = links;
          if (await tab.locator(".filter, .command button").count()) problems.push(`${where}: a control that does nothing`);
        } else {
          if (links !== linksWithout) problems.push(`${where}: ${links} links, ${linksWithout} without scripts`);
          const width = await tab.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
          if (width[0] > width[1]) problems.push(`${where}: scrolls sideways, ${width[0]} over ${width[1]}`);
          await tab.evaluate(axe);
          const found = await tab.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], preload: false }));
          for (const violation of found.violations) {
            const nodes = violation.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ");
            problems.push(`${where}: ${violation.id}: ${violation.help}: ${nodes}`);
          }
          const shot = `${page.replaceAll("/", "-").replace(".html", "")}-${colorScheme}-${size}.png`;
          await tab.screenshot({ path: join(shots, shot), fullPage: true });
          await tab.keyboard.press("Tab");
          const first = await tab.evaluate(() => document.activeElement?.getAttribute("href"));
          if (first !== "#main") problems.push(`${where}: the first stop of the keyboard is ${first}`);
          await filters(tab, where);
        }
        await context.close();
      }
    }
  }
}

async function filters(tab, where) {
  const input = tab.locator(".filter input");
  if (!(await input.count())) return;
  const rows = tab.locator("table[data-filter] tbody tr");
  const text = await rows.nth(3).locator("th").innerText();
  await input.first().fill(text);
  const visible = await rows.evaluateAll((all) => all.filter((row) => !row.hidden).length);
  const all = await rows.count();
  if (visible < 1 || visible >= all) problems.push(`${where}: the filter ${text} shows ${visible} of ${all}`);
  await input.first().fill("no such release");
  if (await rows.evaluateAll((all) => all.some((row) => !row.hidden))) problems.push(`${where}: the filter filters nothing`);
}

await browser.close();
for (const problem of problems) console.log(problem);
console.log(`${looks} looks at ${pages.length} pages`);
process.exit(problems.length ? 1 : 0);

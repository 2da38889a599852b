// Opens our status page in Chromium. Reads one JSON object from standard input:
//   {chromium, url, width, height, dark, picture}
// and prints one: {console: […what the console said…], failed: […requests that failed…], text, scrolls, overflows}.
// `scrolls` is whether the page is wider than the window, `overflows` what stands out of it.
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const order = JSON.parse(await readFile("/dev/stdin", "utf8"));
const browser = await chromium.launch({
  executablePath: order.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"],
});
const context = await browser.newContext({
  viewport: { width: order.width, height: order.height },
  colorScheme: order.dark ? "dark" : "light",
});
const page = await context.newPage();
const said = [];
const failed = [];
page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
page.on("pageerror", (error) => said.push(String(error)));
page.on("requestfailed", (request) => failed.push(request.url()));
await page.goto(order.url, { waitUntil: "load" });
const seen = await page.evaluate(() => {
  const root = document.documentElement;
  const held = (one) => one.closest(".sheet") && one !== one.closest(".sheet"); // a sheet scrolls by itself
  const out = [...document.querySelectorAll("body *")].filter(
    (one) => !held(one) && one.getBoundingClientRect().right > window.innerWidth + 1,
  );
  return {
    text: document.body.innerText,
    scrolls: root.scrollWidth > root.clientWidth,
    overflows: out.map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 60)}`),
  };
});
await page.screenshot({ path: order.picture, fullPage: true });
console.log(JSON.stringify({ console: said, failed, ...seen }));
await browser.close();

// Shows messages in Chromium and photographs them. Reads one JSON object from standard input:
//   {chromium, width, page: "hydrogen" | "discord", wanted: {…for the page…}, text, picture}
// and prints one: {console: […errors of the page…], text, links: [[href, text], …]}. `text` is what to wait for.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
const FOLDERS = {
  "/assets": path.join(here, "node_modules/hydrogen-view-sdk/asset-build/assets"),
  "/olm": path.join(here, "node_modules/@matrix-org/olm"),
  "/": path.join(here, "node_modules/hydrogen-view-sdk/lib-build"),
};
const TYPES = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml", ".wasm": "application/wasm" };
const MESSAGES = { hydrogen: ".Timeline_message", discord: "discord-message" };
const THEME = `<link rel="stylesheet" href="/assets/theme-element-dark.css">`;
const AVATAR = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#e6007a"/>
  <circle cx="4" cy="4" r="2" fill="#fff"/></svg>`;

const order = JSON.parse(await readFile("/dev/stdin", "utf8"));
const bundle = await build({
  entryPoints: [path.join(here, `${order.page}.page.js`)],
  bundle: true, format: "esm", platform: "browser", external: ["fs", "path", "crypto"], write: false, logLevel: "error",
});
const document_ = `<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="/avatar.svg">
${order.page === "hydrogen" ? THEME : ""}<style>html,body{margin:0} #app{height:100vh} discord-messages{min-height:100vh}</style></head>
<body><div id="app" class="${order.page}"></div>
<script>window.wanted=${JSON.stringify(order.wanted).replaceAll("<", "\\u003c")}</script>
<script type="module" src="/page.js"></script></body></html>`;

async function answer(url) {
  if (url === "/") return [".html", document_];
  if (url === "/page.js") return [".js", bundle.outputFiles[0].text];
  if (url === "/avatar.svg") return [".svg", AVATAR];
  return [path.extname(url), await readFile(path.join(FOLDERS[path.dirname(url)], path.basename(url)))];
}

async function serve() {
  const server = createServer((request, response) => {
    answer(new URL(request.url, "http://127.0.0.1").pathname).then(
      ([extension, content]) => response.writeHead(200, { "Content-Type": TYPES[extension] ?? "font/woff2" }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

// Runs in the page: texts and links, shadow trees among them.
function read() {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((one) => [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
  const texts = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    return ["STYLE", "SCRIPT"].includes(node.nodeName) ? "" : [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes].map(texts).join("");
  };
  const links = all(document).filter((one) => one.localName === "a" && one.href);
  return { text: texts(document.body), links: links.map((one) => [one.href, one.textContent.trim()]) };
}

// Runs in the page: the box around all messages.
function box(selector) {
  const boxes = [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
  const [top, bottom] = [Math.min(...boxes.map((one) => one.top)), Math.max(...boxes.map((one) => one.bottom))];
  return { x: 0, y: Math.max(0, top - 8), width: innerWidth, height: bottom - top + 16 };
}

const server = await serve();
const browser = await chromium.launch({
  executablePath: order.chromium, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const said = [];
try {
  const page = await browser.newPage({ viewport: { width: order.width, height: 1600 }, timezoneId: "UTC", locale: "en-GB" });
  page.on("console", (message) => message.type() === "error" && said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.route("**/.well-known/matrix/client*", (route) => route.fulfill({ json: {} }));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.getByText(order.text).first().waitFor({ timeout: 60_000 }).catch((error) => said.push(String(error)));
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: order.picture, clip: await page.evaluate(box, MESSAGES[order.page]) });
  console.log(JSON.stringify({ console: said, ...(await page.evaluate(read)) }));
} finally {
  await browser.close();
  server.close();
}

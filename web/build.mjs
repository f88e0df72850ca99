// Builds web/dist, or the folder that is named: the page, its script and style in one file each,
// the client's audio worklets, and the licenses of everything bundled. Same input, same bytes.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const web = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const root = path.dirname(web);
const dist = path.resolve(process.argv[2] ?? path.join(web, "dist"));
const worklets = path.join(root, "node_modules/@elevenlabs/client/worklets");

const result = await build({
  absWorkingDir: root,
  entryPoints: { app: "web/src/app.js", style: "web/style.css" },
  outdir: dist,
  bundle: true,
  format: "esm",
  // top-level await, private members, light-dark()
  target: ["chrome123", "firefox120", "safari17.5"],
  minify: true,
  legalComments: "eof",
  metafile: true,
  write: false,
  logLevel: "warning",
});

await rm(dist, { recursive: true, force: true });
await mkdir(path.join(dist, "worklets"), { recursive: true });
for (const file of result.outputFiles) {
  await writeFile(file.path, file.contents);
}
for (const name of ["index.html", "icon.svg"]) {
  await cp(path.join(web, name), path.join(dist, name));
}
for (const name of ["rawAudioProcessor.js", "audioConcatProcessor.js"]) {
  await cp(path.join(worklets, name), path.join(dist, "worklets", name));
}
await writeFile(path.join(dist, "licenses.txt"), await listLicenses(Object.keys(result.metafile.inputs)));

/** One entry for each package whose code is in the bundle, in the order of names. */
async function listLicenses(inputs) {
  const folders = inputs.map((input) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0]);
  const entries = [...new Set(folders.filter(Boolean))].sort().map(describePackage);
  return (await Promise.all(entries)).join(`\n${"-".repeat(80)}\n\n`);
}

async function describePackage(folder) {
  const { name, version, license } = JSON.parse(
    await readFile(path.join(root, folder, "package.json"), "utf8"),
  );
  const files = (await readdir(path.join(root, folder))).sort();
  const texts = files.filter((file) => /^(licen[cs]e|notice)/i.test(file));
  const bodies = texts.map((file) => readFile(path.join(root, folder, file), "utf8"));
  return [`${name} ${version} (${license})\n`, ...(await Promise.all(bodies))].join("\n");
}

/*
 * The public API of each package, as a report that is committed: `packages/NAME/api/ENTRY.api.md`. The check builds
 * the packages, extracts each entry's API from its built declarations, and fails where that differs from the report, so
 * that a new or changed export is a decision. `node scripts/check.mjs api --write` writes the reports anew.
 */
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";
import { build, root } from "../workspace.mjs";

const read = (path) => JSON.parse(readFileSync(path, "utf8"));

/** Every typed entry of every public library package: where its declarations are and where its report belongs. */
function entries() {
	return readdirSync(join(root, "packages")).flatMap((name) => {
		const folder = join(root, "packages", name);
		const manifest = read(join(folder, "package.json"));
		if (manifest.private === true) return [];
		return Object.entries(manifest.exports)
			.filter(([, entry]) => entry.types !== undefined)
			.map(([path, entry]) => {
				const report = path === "." ? "index" : path.slice(2).replaceAll("/", "-");
				return {
					name: manifest.name + path.slice(1),
					folder,
					types: join(folder, entry.types),
					report: join(folder, "api", `${report}.api.md`),
				};
			});
	});
}

/** The report of one entry, as text. */
function extract({ folder, types, report }, work) {
	const messages = [];
	const config = ExtractorConfig.prepare({
		configObjectFullPath: undefined,
		packageJsonFullPath: join(folder, "package.json"),
		configObject: {
			projectFolder: folder,
			mainEntryPointFilePath: types,
			// What a package takes from another one of ours belongs to that one's report.
			bundledPackages: [],
			newlineKind: "lf",
			compiler: {
				overrideTsconfig: {
					compilerOptions: {
						target: "ES2022",
						lib: ["ES2023", "ESNext.Disposable"],
						types: ["node"],
						module: "NodeNext",
						moduleResolution: "NodeNext",
						skipLibCheck: true,
					},
					files: [types],
				},
			},
			apiReport: {
				enabled: true,
				reportFileName: "report",
				reportFolder: work,
				reportTempFolder: join(work, "temp"),
			},
			docModel: { enabled: false },
			dtsRollup: { enabled: false },
			tsdocMetadata: { enabled: false },
			messages: {
				compilerMessageReporting: { default: { logLevel: "error" } },
				extractorMessageReporting: {
					default: { logLevel: "none" },
					"ae-forgotten-export": { logLevel: "none" },
				},
				tsdocMessageReporting: { default: { logLevel: "none" } },
			},
		},
	});
	mkdirSync(join(work, "temp"), { recursive: true });
	const { errorCount } = Extractor.invoke(config, {
		localBuild: true,
		messageCallback: (message) => {
			message.handled = true;
			if (message.logLevel === "error") messages.push(message.text);
		},
	});
	if (errorCount > 0) throw new Error(`${relative(root, report)}: ${messages.join("\n")}`);
	return readFileSync(join(work, "report.api.md"), "utf8");
}

/** The first line that differs, with what stood there before. */
function firstDifference(before, now) {
	const [old, fresh] = [before.split("\n"), now.split("\n")];
	const at = fresh.findIndex((line, index) => line !== old[index]);
	const line = at === -1 ? fresh.length : at;
	return `line ${line + 1}: the report says ${JSON.stringify(old[line] ?? "")}, the code ${JSON.stringify(fresh[line] ?? "")}`;
}

export async function api({ write = false } = {}) {
	await build();
	const work = mkdtempSync(join(tmpdir(), "p2pd-api-"));
	try {
		const wanted = entries();
		const outcomes = wanted.map((entry) => {
			const text = extract(entry, work);
			const file = relative(root, entry.report);
			const before = existsSync(entry.report) ? readFileSync(entry.report, "utf8") : "";
			if (write) {
				mkdirSync(join(entry.folder, "api"), { recursive: true });
				writeFileSync(entry.report, text);
			}
			const ok = write || text === before;
			const output = ok
				? ""
				: `${file} differs from what ${entry.name} exports.\n${firstDifference(before, text)}\nIf the change is meant: node scripts/check.mjs api --write`;
			return { name: `API of ${entry.name}`, ok, output };
		});
		const reports = new Set(wanted.map(({ report }) => report));
		const stale = readdirSync(join(root, "packages"))
			.map((name) => join(root, "packages", name, "api"))
			.filter((folder) => existsSync(folder))
			.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
			.filter((file) => !reports.has(file));
		for (const file of stale) {
			if (write) rmSync(file);
			else
				outcomes.push({ name: relative(root, file), ok: false, output: "no entry has this report any more" });
		}
		return outcomes;
	} finally {
		rmSync(work, { recursive: true });
	}
}

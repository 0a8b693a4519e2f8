/*
 * Prints what the code is made of: for each package the source files, lines, median lines a file, files with a single
 * exported value, and values that the root entry exports. `npm run figures [COMMIT...]` prints it for commits beside
 * each other (the working tree without one).
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { root } from "./workspace.mjs";

const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });

/** The source files of a commit, or of the working tree: path -> text. */
function sources(commit) {
	const list = commit
		? git("ls-tree", "-r", "--name-only", commit)
		: git("ls-files", "--cached", "--others", "--exclude-standard");
	const files = list.split("\n").filter((file) => /^(packages|apps)\/[^/]+\/src\/.*\.ts$/.test(file));
	const text = commit
		? (file) => git("show", `${commit}:${file}`)
		: (file) => readFileSync(join(root, file), "utf8");
	return new Map(files.map((file) => [file, text(file)]));
}

const lines = (text) => text.split("\n").length - 1;
const median = (values) => {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? 0;
};

/** The values (no types) that a file exports, re-exports of other files of the same tree included. */
function values(file, files, seen = new Set()) {
	const names = new Set();
	if (seen.has(file) || !files.has(file)) return names;
	seen.add(file);
	const tree = ts.createSourceFile(file, files.get(file), ts.ScriptTarget.ES2022);
	const exported = (node) => ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
	const isValue = (target, name) => {
		const inside = resolve(file, target, files);
		return inside === undefined ? true : values(inside, files, new Set()).has(name);
	};
	for (const node of tree.statements) {
		if (ts.isExportDeclaration(node) && !node.isTypeOnly) {
			const target = node.moduleSpecifier?.text;
			if (node.exportClause === undefined) {
				for (const name of values(resolve(file, target, files), files, seen)) names.add(name);
			} else if (ts.isNamedExports(node.exportClause)) {
				for (const element of node.exportClause.elements) {
					const original = (element.propertyName ?? element.name).text;
					if (!element.isTypeOnly && (target === undefined || isValue(target, original)))
						names.add(element.name.text);
				}
			}
		} else if (ts.isVariableStatement(node) && exported(node)) {
			for (const { name } of node.declarationList.declarations) names.add(name.text);
		} else if ((ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && exported(node)) {
			names.add(node.name.text);
		}
	}
	return names;
}

/** The file behind a specifier, for relative ones and for our own packages' entries. */
function resolve(from, specifier, files) {
	const own = specifier?.match(/^@p2pd\/([^/]+)$/)?.[1];
	const path = own
		? `packages/${own}/src/index.ts`
		: posix.join(posix.dirname(from), specifier ?? "").replace(/\.js$/, ".ts");
	return files.has(path) ? path : undefined;
}

function figures(commit) {
	const files = sources(commit);
	const rooms = [...new Set([...files.keys()].map((file) => file.split("/").slice(0, 2).join("/")))].sort();
	const row = (name, own) => {
		const sizes = own.map((file) => lines(files.get(file)));
		const single = own.filter((file) => !file.endsWith("/index.ts") && values(file, files).size === 1);
		const entry = `${name}/src/index.ts`;
		return {
			package: name,
			files: own.length,
			lines: sizes.reduce((sum, size) => sum + size, 0),
			median: median(sizes),
			"one value": single.length,
			exports: files.has(entry) ? values(entry, files).size : null,
		};
	};
	const all = [...files.keys()];
	const table = rooms.map((room) =>
		row(
			room,
			all.filter((file) => file.startsWith(`${room}/`)),
		),
	);
	return [...table, row("all", all)];
}

const commits = process.argv.slice(2);
for (const commit of commits.length > 0 ? commits : [undefined]) {
	console.log(commit ? `${commit}: ${git("log", "-1", "--format=%h %s", commit).trim()}` : "working tree");
	console.table(figures(commit));
}

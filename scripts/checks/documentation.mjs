/*
 * Documents in step with the code: the package graph that ARCHITECTURE.md draws is the one that the manifests state,
 * every link between files leads somewhere, every package has a README, and every public export has a doc comment.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { root, run } from "../workspace.mjs";

const rooms = ["packages", "apps"].flatMap((top) =>
	readdirSync(join(root, top)).map((name) => `${top}/${name}`),
);
const manifest = (room) => JSON.parse(readFileSync(join(root, room, "package.json"), "utf8"));

/** The graph as text: one package a line, with the workspace packages that it depends on. */
export function packageGraph() {
	return rooms
		.map((room) => manifest(room))
		.map(({ name, dependencies = {} }) => {
			const own = Object.keys(dependencies).filter((dependency) => dependency.startsWith("@p2pd/"));
			return `${name.padEnd(18)} -> ${own.map((dependency) => dependency.slice("@p2pd/".length)).join(", ") || "(none)"}`;
		})
		.join("\n");
}

function graph() {
	const drawn = readFileSync(join(root, "ARCHITECTURE.md"), "utf8").match(
		/<!-- package graph -->\n```\n([\s\S]*?)\n```/,
	)?.[1];
	const wanted = packageGraph();
	return drawn === wanted
		? []
		: [`ARCHITECTURE.md draws another package graph than the manifests state:\n${wanted}`];
}

/** The first program in the README is the one that the shell's tests run. */
function firstProgram() {
	const source = readFileSync(join(root, "apps/repl/src/shell/first-program.ts"), "utf8");
	const text = source.match(/FIRST_PROGRAM = `([\s\S]*?)`;/)?.[1]?.replaceAll("\\\\", "\\");
	const printed = readFileSync(join(root, "README.md"), "utf8").match(
		/<!-- first program -->\n```ts\n([\s\S]*?)```/,
	)?.[1];
	return text !== undefined && text === printed
		? []
		: ["README.md prints another first program than the shell runs"];
}

async function links() {
	const { output } = await run("git", ["ls-files", "*.md"], { capture: true });
	return (
		output
			.split("\n")
			// API reports are declarations, in which brackets mean something else.
			.filter((file) => file !== "" && !file.endsWith(".api.md") && existsSync(join(root, file)))
			.flatMap((file) =>
				[...readFileSync(join(root, file), "utf8").matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)]
					.filter(([, target]) => !existsSync(join(root, dirname(file), target)))
					.map(([, target]) => `${file} links to ${target}, which does not exist`),
			)
	);
}

const readmes = () =>
	rooms
		.filter((room) => !existsSync(join(root, room, "README.md")))
		.map((room) => `${room} has no README.md`);

/** Every name that a public entry exports and that has no doc comment where it is declared. */
function undocumented() {
	const entries = rooms
		.map((room) => ({ room, ...manifest(room) }))
		.filter(({ private: hidden, exports = {} }) => hidden !== true && exports["."] !== undefined)
		.flatMap(({ room, exports }) =>
			Object.values(exports)
				.map((entry) => entry["@p2pd/source"])
				.filter((source) => source !== undefined)
				.map((source) => join(root, room, source)),
		);
	const config = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile).config;
	const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
	const program = ts.createProgram(entries, options);
	const checker = program.getTypeChecker();
	return entries.flatMap((entry) => {
		const symbol = checker.getSymbolAtLocation(program.getSourceFile(entry));
		if (symbol === undefined) return [`${relative(root, entry)} exports nothing`];
		return checker
			.getExportsOfModule(symbol)
			.map((exported) =>
				exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported,
			)
			.filter((exported) => ts.displayPartsToString(exported.getDocumentationComment(checker)).trim() === "")
			.map((exported) => `${relative(root, entry)}: ${exported.name} has no doc comment`);
	});
}

export async function documentation() {
	const parts = {
		"package graph": graph(),
		"first program": firstProgram(),
		links: await links(),
		READMEs: readmes(),
		"doc comments": undocumented(),
	};
	return Object.entries(parts).map(([name, faults]) => ({
		name: `documentation: ${name}`,
		ok: faults.length === 0,
		output: faults.join("\n"),
	}));
}

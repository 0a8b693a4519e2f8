/*
 * Publishes every public package whose version the registry does not have yet, dependencies first. pnpm replaces
 * workspace: and catalog: by versions. Run by the release workflow alone.
 */
import { build, ensureInstalled, pnpm } from "./workspace.mjs";

if (!process.argv.includes("--from-workflow")) {
	console.error("p2pd: publishing is done by the release workflow, which the registry trusts");
	process.exit(2);
}
await ensureInstalled();
await build();
const { code } = await pnpm(["publish", "--recursive", "--access", "public", "--no-git-checks"]);
process.exitCode = code;

/*
 * Runs turbo with the pinned pnpm on its path, for people who have only npm: `node scripts/turbo.mjs run build`.
 */
import { ensureInstalled, pnpm } from "./workspace.mjs";

await ensureInstalled();
const { code } = await pnpm(["exec", "turbo", ...process.argv.slice(2)]);
process.exitCode = code;

import { defineConfig } from "tsup";

/*
 * The benchmarks as plain JavaScript, which import the built packages: what a user runs. Through tsx every function
 * that is made would also be given its name (esbuild's keepNames), which costs a third of a connection.
 */
export default defineConfig({
	entry: ["bench/index.ts", "bench/idle-memory.ts"],
	outDir: "bench/dist",
	format: "esm",
	target: "node20",
	platform: "node",
	clean: true,
	external: ["@p2pd/pipe"],
	silent: true,
});

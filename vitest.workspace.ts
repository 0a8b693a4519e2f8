import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const rooms = ["packages", "apps"].flatMap((top) =>
	readdirSync(at(top), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map((entry) => ({ name: entry.name, root: at(`${top}/${entry.name}`) })),
);

export default defineConfig({
	// Packages are tested from source: the first key of their exports map is this condition.
	ssr: { resolve: { conditions: ["@p2pd/source", "module", "node", "development|production"] } },
	test: {
		pool: "forks",
		setupFiles: [at("packages/testnet/src/hygiene/setup.ts")],
		// No setting of the machine may reach a test: default STUN servers least of all.
		env: { P2PD_STUN_SERVERS: "127.0.0.1:1", P2PD_CONFIG: "" },
		projects: rooms.map(({ name, root }) => ({
			extends: true as const,
			root,
			test: { name, root, include: ["test/**/*.test.ts"] },
		})),
	},
});

import type { Family } from "@p2pd/net";

/** What the check of a server of the list has shown. */
export interface Stamp {
	readonly host: string;
	readonly features: readonly string[];
	/** The families in which it answered. */
	readonly families: readonly Family[];
	/** ISO date, or null if it failed: what was known about it then no longer holds. */
	readonly verifiedAt: string | null;
}

const quoted = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Writes the outcome of a check into the source text of the list.
 *
 * @throws Error if a server has no entry
 */
export function stampList(source: string, stamps: readonly Stamp[]): string {
	let stamped = source;
	for (const { host, features, families, verifiedAt } of stamps) {
		const entry = new RegExp(`\\{[^{}]*host: "${quoted(host)}"[^{}]*\\}`);
		const found = entry.exec(stamped)?.[0];
		if (found === undefined) throw new Error(`the list has no entry for ${host}`);
		const facts: string[] = [];
		if (verifiedAt !== null) {
			if (families.length === 1) facts.push(`families: [${families.join(", ")}], `);
			const names = features.map((feature) => JSON.stringify(feature)).join(", ");
			if (names !== "") facts.push(`features: [${names}], `);
		}
		const next = found
			.replace(/\s*families: \[[^\]]*\],/, "")
			.replace(/\s*features: \[[^\]]*\],/, "")
			.replace(/verifiedAt: (null|"[^"]*")/, `${facts.join("")}verifiedAt: ${JSON.stringify(verifiedAt)}`);
		stamped = stamped.replace(found, next);
	}
	return stamped;
}

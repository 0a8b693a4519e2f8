/** A server of the list, and what it was found to serve. */
export interface Stamp {
	readonly host: string;
	readonly features: readonly string[];
	/** ISO date, or null: it did not pass, so that what was known of it no longer holds. */
	readonly verifiedAt: string | null;
}

const quoted = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Writes what was found into the source of the list.
 * @throws Error when a server has no entry
 */
export function stampList(source: string, stamps: readonly Stamp[]): string {
	let stamped = source;
	for (const { host, features, verifiedAt } of stamps) {
		const entry = new RegExp(`\\{[^{}]*host: "${quoted(host)}"[^{}]*\\}`);
		const found = entry.exec(stamped)?.[0];
		if (found === undefined) throw new Error(`the list has no entry for ${host}`);
		const date = verifiedAt === null ? "null" : JSON.stringify(verifiedAt);
		const names = features.map((feature) => JSON.stringify(feature)).join(", ");
		const next = found
			.replace(/\s*features: \[[^\]]*\],/, "")
			.replace(
				/verifiedAt: (null|"[^"]*")/,
				`${verifiedAt === null || names === "" ? "" : `features: [${names}], `}verifiedAt: ${date}`,
			);
		stamped = stamped.replace(found, next);
	}
	return stamped;
}

import { readFileSync } from "node:fs";
import { DESCRIPTOR_LIMIT, DESCRIPTOR_RESERVE } from "./defaults.js";

let limit: number | null = null;

/** How many descriptors this process may have open. Read once: Node raises its own limit before the program starts. */
export function descriptorLimit(): number {
	limit ??= readLimit();
	return limit;
}

/**
 * The connections that all servers of this process together may have by default: what the limit of descriptors allows,
 * less a reserve (at most half of it), so that the process can still open files, resolve names and connect.
 */
export function defaultMaxConnections(): number {
	const all = descriptorLimit();
	return Math.max(1, all - Math.min(DESCRIPTOR_RESERVE, Math.floor(all / 2)));
}

function readLimit(): number {
	if (process.platform === "win32") return Number.POSITIVE_INFINITY;
	try {
		// Max open files            1024                 1048576              files
		const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "latin1"));
		const soft = found?.[1] === "unlimited" ? Number.POSITIVE_INFINITY : Number(found?.[1]);
		return Number.isNaN(soft) ? DESCRIPTOR_LIMIT : soft;
	} catch {
		// macOS and the BSDs have no such file.
		return DESCRIPTOR_LIMIT;
	}
}

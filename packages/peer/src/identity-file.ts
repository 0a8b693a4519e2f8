import { randomUUID } from "node:crypto";
import { link, open, readFile, rename, unlink } from "node:fs/promises";
import { PeerIdentityError } from "./errors.js";
import { createIdentity, exportIdentity, importIdentity, type PeerIdentity } from "./identity.js";

/** A file with keys is far smaller; anything larger is something else. */
const MAX_FILE_BYTES = 16_384;

/**
 * Reads a node's keys from a file; where there is no such file, makes keys and saves them there.
 *
 * @throws PeerIdentityError (`ERR_PEER_IDENTITY`): the file holds something else, or cannot be read or written
 */
export async function loadIdentity(file: string): Promise<PeerIdentity> {
	const found = await readIdentity(file);
	if (found !== null) return found;
	const made = createIdentity();
	if (await writeWhole(file, made, "create")) return made;
	// Another process was faster: its keys are the node's.
	const other = await readIdentity(file);
	if (other === null) throw new PeerIdentityError(`${file} was removed while it was being made`);
	return other;
}

/**
 * Saves a node's keys: a file of its own, readable by its owner alone (mode 0600), is written whole and takes the place of
 * the old one, so that a crash leaves the old or the new one.
 *
 * @throws PeerIdentityError (`ERR_PEER_IDENTITY`) if it cannot be written
 */
export async function saveIdentity(file: string, identity: PeerIdentity): Promise<void> {
	await writeWhole(file, identity, "replace");
}

async function readIdentity(file: string): Promise<PeerIdentity | null> {
	let text: string;
	try {
		text = await readFile(file, "utf8");
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw new PeerIdentityError(`cannot read ${file}: ${(cause as Error).message}`, { cause });
	}
	let json: unknown = null;
	try {
		if (text.length <= MAX_FILE_BYTES) json = JSON.parse(text);
	} catch {
		// A parser's message may quote the text, and so the keys.
		throw new PeerIdentityError(`${file} does not hold the keys of a node`);
	}
	try {
		return importIdentity(json);
	} catch (error) {
		throw new PeerIdentityError(`${file}: ${(error as Error).message}`);
	}
}

/** Returns false where the file is to be created and exists already. */
async function writeWhole(file: string, identity: PeerIdentity, how: "create" | "replace"): Promise<boolean> {
	const temporary = `${file}.${randomUUID()}.tmp`;
	try {
		const handle = await open(temporary, "wx", 0o600);
		try {
			await handle.writeFile(`${JSON.stringify(exportIdentity(identity))}\n`);
			await handle.sync();
		} finally {
			await handle.close();
		}
		if (how === "replace") {
			await rename(temporary, file);
			return true;
		}
		// Unlike rename, link does not replace a file that another process has just made.
		await link(temporary, file);
		await unlink(temporary);
		return true;
	} catch (cause) {
		await unlink(temporary).catch(() => undefined);
		if (how === "create" && (cause as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw new PeerIdentityError(`cannot write ${file}: ${(cause as Error).message}`, { cause });
	}
}

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildLab, homeRouter } from "@p2pd/testnet/lab";

/*
 * Writes the README's transcript: the commands below, run in the laboratory behind a home router.
 * node --conditions=@p2pd/source --import tsx scripts/transcript.ts
 */

/** What is run, and shown with what it printed. */
const COMMANDS = [
	"list",
	"show",
	"stun stun.example.com",
	"resolve example.com",
	"doctor --family 4",
] as const;

const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
const readme = new URL("../README.md", import.meta.url);
/** The transcript in the README stands between these. */
const MARKS = ["<!-- transcript: scripts/transcript.ts -->", "<!-- /transcript -->"] as const;

/** Runs the commands and gives what a person at a terminal of 100 columns would have seen. */
export async function makeTranscript(): Promise<string> {
	const lab = await buildLab(homeRouter());
	try {
		const shown: string[] = [];
		for (const command of COMMANDS) {
			const args = ["--conditions=@p2pd/source", "--import", "tsx", cli, ...command.split(" ")];
			const env = {
				P2PD_STUN_SERVERS: "stun.example.com,classic.example.com",
				NO_COLOR: "1",
			};
			const { code, stdout, stderr } = await lab.exec("client", process.execPath, args, { env });
			if (code !== 0) throw new Error(`p2pd ${command} ended with ${code}: ${stderr}`);
			shown.push(`$ p2pd ${command}\n${stdout.trimEnd()}\n`);
		}
		return shown.join("\n");
	} finally {
		await lab.close();
	}
}

/** The transcript in the README's text, or undefined. */
export function transcriptIn(text: string): string | undefined {
	const [, after] = text.split(MARKS[0]);
	return after?.split(MARKS[1])[0]?.match(/```text\n([\s\S]*)```/)?.[1];
}

/** Ports, times and hardware addresses differ from run to run: each becomes a word. Columns that they part close up. */
export function settled(transcript: string): string {
	return transcript
		.replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
		.replace(/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, "MAC")
		.replace(/moved -?\d+ ms/g, "moved TIME")
		.replace(/\b\d+(\.\d+)? ms\b/g, "TIME")
		.replace(/(fe80::)[0-9a-f:]+/g, "$1HOST")
		.replace(/(port |\d:)\d{4,5}\b/g, "$1PORT")
		.replace(/ {2,}/g, "  ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const text = readFileSync(readme, "utf8");
	const before = text.split(MARKS[0])[0];
	const after = text.split(MARKS[1])[1];
	if (before === undefined || after === undefined)
		throw new Error("the README has no marks for the transcript");
	const block = `\`\`\`text\n${await makeTranscript()}\`\`\``;
	writeFileSync(readme, `${before}${MARKS[0]}\n\n${block}\n\n${MARKS[1]}${after}`);
}

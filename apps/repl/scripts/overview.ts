/*
 * Draws the picture of the README: `npm run overview` in apps/repl writes docs/overview.svg. The addresses are those of
 * the laboratory's home router.
 */
import { writeFileSync } from "node:fs";
import { diagramSvg } from "../src/output/diagram.js";

const host = (nic: string, inside: string, nat: readonly string[], outside: string) => [
	{ title: nic, lines: [inside] },
	{ title: "route", lines: [`[${inside}]`, `-> [${outside}]`] },
	{ title: "NAT", lines: nat },
	{ title: "outside", lines: [outside] },
];

const picture = diagramSvg([
	{
		af: 4,
		boxes: host("your NIC: eth0", "192.168.1.20/24", ["restrict port (5)", "equal delta (2)"], "81.2.69.142"),
	},
	{
		af: 4,
		boxes: host("the peer's NIC", "10.0.0.7/24", ["symmetric (6)", "random delta (6)"], "85.214.10.20"),
	},
]);
writeFileSync(new URL("../../../docs/overview.svg", import.meta.url), picture);

import { matrix } from "./matrix.js";
import { packets } from "./packets.js";

await matrix();
await packets();

import { pipeOpen, TCP } from "../../src/index.js";

/* Adopts descriptor 3, a socket that is connected to an echo server, and prints what comes back. */

const port = Number(process.argv[2]);
const pipe = await pipeOpen(null, TCP, ["127.0.0.1", port], { socket: { fd: 3 } });
pipe.subscribe();
await pipe.send("by descriptor");
process.stdout.write(String(await pipe.recv()));
await pipe.close();

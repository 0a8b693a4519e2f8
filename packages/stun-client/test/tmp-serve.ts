import { startStunServer } from "/work/main/packages/stun-client/src/server.js";

const s = await startStunServer({
	primary: { ip: "127.0.0.11", port: 3478 },
	alternate: { ip: "127.0.0.12", port: 3479 },
	rate: 0,
});
setTimeout(() => void s.close(), 40000);

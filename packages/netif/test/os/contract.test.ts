import { enumerateInterfaces } from "../../src/os.js";
import { fixtures } from "../fixtures/index.js";
import { fixtureOs } from "../support/fixture-os.js";
import { describeSnapshotContract } from "./contract.js";

for (const fixture of fixtures) {
	describeSnapshotContract(fixture.title, () => enumerateInterfaces({}, fixtureOs(fixture)));
}

describeSnapshotContract("the machine that runs this", () => enumerateInterfaces());

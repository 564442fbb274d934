// Adds up the test runner's reports: `node count.mjs FAILED_STEPS DIRECTORY`. The last line printed is the verdict.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

const [broken = "0", directory = "."] = process.argv.slice(2);
let [passed, failed, skipped] = [0, Number(broken), 0];
for (const file of readdirSync(directory)) {
  const report = JSON.parse(readFileSync(path.join(directory, file), "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded has no tests to count.
  const unloaded = report.testResults.filter(
    (suite) => suite.status === "failed" && suite.assertionResults.length === 0,
  );
  failed += unloaded.length;
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status === "failed") console.log(`failed: ${test.fullName} (${path.relative(".", suite.name)})`);
    }
  }
  for (const suite of unloaded) console.log(`failed to load: ${path.relative(".", suite.name)}: ${suite.message}`);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

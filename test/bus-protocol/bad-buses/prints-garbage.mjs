// Prints a banner to stdout, as a program does that was not written as a bus.
console.log("Listening on port 8080");
process.stdin.resume();

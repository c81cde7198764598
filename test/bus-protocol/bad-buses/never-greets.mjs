// Reads what it is told and never says a word.
process.stdin.resume();

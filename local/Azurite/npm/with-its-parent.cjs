// Loaded before Azurite. It lives as long as the program that started it: when that ends, however it ends, standard input ends, and Azurite saves and closes.
// Ctrl-C goes to every process of a terminal; Azurite must outlive the program's last steps.
'use strict';
const once = process.once;
process.once = function (event, listener) { return event === 'SIGINT' ? process : once.call(process, event, listener); };
process.on('SIGINT', () => {});
// Nobody reads what it prints once the program was killed.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
process.stdin.on('end', () => process.emit('SIGTERM')).on('error', () => process.emit('SIGTERM')).resume();

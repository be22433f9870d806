package sqlite

// vfs is SQLite's default: on Windows no VFS has the index of the -wal file in memory.
const vfs = "win32"

// vfsUnlocked works without locks.
const vfsUnlocked = "win32-none"

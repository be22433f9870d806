package sqlite

// vfs is SQLite's own choice: on Windows there is none that keeps the index of the -wal file in memory.
const vfs = "win32"

// vfsUnlocked works without locks.
const vfsUnlocked = "win32-none"

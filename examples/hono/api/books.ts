// Stores the books in the app's key-value store.

export interface NewBook {
  title: string;
  author: string;
  year?: number;
}

export interface Book extends NewBook {
  id: number;
}

const key = (id: number | string) => `book:${String(id).padStart(9, "0")}`;

export const books = {
  list(author?: string): Book[] {
    const all: Book[] = fazt.app.kv.list("book:", { limit: 1000 }).map((entry) => entry.value);
    return author === undefined ? all : all.filter((book) => book.author === author);
  },
  get: (id: string): Book | undefined => fazt.app.kv.get(key(id)),
  add(book: NewBook): Book {
    const id = Number(fazt.app.kv.get("last") ?? 0) + 1;
    fazt.app.kv.set("last", id);
    const added = { id, ...book };
    fazt.app.kv.set(key(id), added);
    return added;
  },
  change(id: string, change: Partial<NewBook>): Book | undefined {
    const book = books.get(id);
    if (book === undefined) return undefined;
    const changed = { ...book, ...change };
    fazt.app.kv.set(key(id), changed);
    return changed;
  },
  remove: (id: string): boolean => fazt.app.kv.delete(key(id)),
};

respond({ hello: "world" });

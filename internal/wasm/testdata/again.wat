;; A function that calls one of the script, which may call it again.
(module
  (import "env" "f" (func $f (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run") (param i32) (result i32) (local i32)
    (local.set 1 (i32.mul (local.get 0) (i32.const 3)))
    (i32.add (call $f (local.get 0)) (local.get 1)))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $f (i32.const 0)))))
)

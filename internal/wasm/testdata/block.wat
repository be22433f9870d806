;; A memory that the module fills and checks.
(module
  (memory (export "memory") 2)
  (func (export "fill") (param i32) (memory.fill (i32.const 0) (local.get 0) (i32.mul (memory.size) (i32.const 65536))))
  (func (export "wrong") (param i32) (result i32) (local i32 i32)
    (loop $l
      (if (i32.ne (i32.load8_u (local.get 1)) (local.get 0)) (then (local.set 2 (i32.add (local.get 2) (i32.const 1)))))
      (local.set 1 (i32.add (local.get 1) (i32.const 61)))
      (br_if $l (i32.lt_u (local.get 1) (i32.mul (memory.size) (i32.const 65536)))))
    (local.get 2))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
)

;; A module whose start function calls the script, and traps if that returns 0.
(module
  (import "env" "f" (func $f (result i32)))
  (func $start (if (i32.eqz (call $f)) (then (unreachable))))
  (start $start)
)

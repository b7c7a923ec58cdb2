#lang racket/base
;; Prints lines and errors with their contexts on stderr.
(define arguments (current-command-line-arguments))
(define load (vector-ref arguments 1))
(define truth (open-output-file (getenv "TRUTH") #:exists 'append))
(define (fetch i) (if (>= i 0) (error 'fetch "order ~a is not there\n  shop: ~a" i 'main) i))
(define (handle i) (+ 1 (fetch i)))
(for ([i (in-range (string->number (vector-ref arguments 0)))])
  (if (= (modulo i 5) 4)
      (with-handlers ([exn? (lambda (e) ((error-display-handler) (exn-message e) e))]) (handle i))
      (eprintf "order ~a accepted\n" i))
  (write-string "e\n" truth)
  (flush-output truth)
  (when (member load '("low" "pipe")) (sleep 0.004)))

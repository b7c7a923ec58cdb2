;; Prints lines and the backtraces of errors on stderr.
(defvar *arguments* (last sb-ext:*posix-argv* 2))
(defvar *count* (parse-integer (first *arguments*)))
(defvar *load* (second *arguments*))
(defvar *truth* (open (sb-ext:posix-getenv "TRUTH") :direction :output :if-exists :append :if-does-not-exist :create))

(defun fetch (i) (error "order ~d~%is not there" i))
(defun handle (i) (list (fetch i)))
(defun report-error (condition)
  ;; As the runtime does where there is no debugger.
  (format *error-output* "~@<Unhandled ~S in thread ~S: ~2I~_~A~:>~2%" (type-of condition) sb-thread:*current-thread* condition)
  (format *error-output* "Backtrace for: ~S~%" sb-thread:*current-thread*)
  (sb-debug:print-backtrace :stream *error-output* :count 12 :print-thread nil))

(dotimes (i *count*)
  (if (= (mod i 5) 4)
      (block failed
        (handler-bind ((error (lambda (condition) (report-error condition) (return-from failed)))) (handle i)))
      (format *error-output* "order ~d accepted~%" i))
  (finish-output *error-output*)
  (format *truth* "e~%")
  (finish-output *truth*)
  (when (member *load* '("low" "pipe") :test #'string=) (sleep 0.004)))

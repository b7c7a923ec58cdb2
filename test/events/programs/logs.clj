(def truth (java.io.FileOutputStream. (System/getenv "TRUTH") true))
(def count-of-events (Integer/parseInt (first *command-line-args*)))
(def slow (= "low" (second *command-line-args*)))

(defn load-order [i] (throw (ex-info "no such order" {:id i})))

(doseq [i (range count-of-events)]
  (if (= 4 (mod i 5))
    (try
      (try (load-order i) (catch Exception e (throw (RuntimeException. (str "order " i) e))))
      (catch RuntimeException e (.printStackTrace e)))
    (binding [*out* *err*] (print (str "order " i " accepted\n")) (flush)))
  (.write truth (.getBytes "e\n"))
  (when slow (Thread/sleep 4)))

module kubectl-yaml

go 1.19

require k8s.io/apimachinery v0.26.15

require (
	gopkg.in/yaml.v2 v2.4.0 // indirect
	sigs.k8s.io/json v0.0.0-20220713155537-f223a00ba0e2 // indirect
	sigs.k8s.io/yaml v1.3.0 // indirect
)

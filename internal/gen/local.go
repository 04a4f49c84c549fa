package gen

import "strings"

// packageFile is the file that holds the stages of a user's package.
const packageFile = "zstages.go"

// GeneratePackage returns the stages of a user's own processors as one file
// of the user's package; none where there is no directive. There are no
// methods: Flow belongs to another package.
func GeneratePackage(cfg Config) (map[string][]byte, error) {
	b := newBuilder(cfg, "")
	files := map[string][]byte{}
	stages := b.stages()
	if len(stages) > 0 {
		b.emit(files, packageFile, b.packageOutput(stages), packageText)
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	return files, nil
}

func (b *builder) packageOutput(stages []*stage) output {
	imports := b.stageImports(stages)
	for _, st := range stages {
		b.merge(imports, importSet{b.stagePackage(): modulePath + "/stage"}, st)
	}
	var sources []string
	for _, group := range bySource(stages) {
		sources = append(sources, group[0].line.file.path)
	}
	return output{
		Tool:     "streamzgen",
		Source:   strings.Join(sources, ", "),
		Package:  b.files[0].ast.Name.Name,
		Imports:  imports,
		Stages:   stages,
		StagePkg: b.stagePackage(),
	}
}

// stagePackage is the name under which a user's package imports package
// stage: another one where the user needs the word.
func (b *builder) stagePackage() string {
	const plain, other = "stage", "streamzstage"
	if _, ok := b.names[plain]; ok {
		return other
	}
	for _, file := range b.files {
		if target, ok := file.imports[plain]; ok && target != modulePath+"/stage" {
			return other
		}
	}
	return plain
}

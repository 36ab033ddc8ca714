#include "lang/Parse/Parse.h"
#include "lang/Parse/Lexer.h"

using namespace ogee;

std::unique_ptr<ast::File> ogee::parse(llvm::StringRef text,
                                       llvm::StringRef fileName,
                                       DiagnosticSink &sink) {
  auto file = std::make_unique<ast::File>();
  llvm::StringRef source = sink.addFile(text, fileName);
  file->name = fileName.str();
  file->range = {source.begin(), source.end()};
  parsing::Builder builder(*file, sink);
  parsing::Lexer lexer(source, builder, sink);
  parsing::Grammar(lexer, builder).parse();
  return file;
}

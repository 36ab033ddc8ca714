//===- Fuzzer.cpp - Any bytes give a tree or messages ---------------------===//
//
// A libFuzzer target, built with -DOGEE_FUZZERS=ON under the address and
// undefined-behaviour sanitizers:
//   parse-fuzzer -dict=test/lang/Parse/arch.dict CORPUS lang/zoo lang/std
//
//===----------------------------------------------------------------------===//
#include "lang/Diagnostics.h"
#include "lang/Parse/Parse.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  ogee::DiagnosticSink sink(context);
  ogee::DiagnosticPrinter printer(sink, llvm::nulls());
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  auto file = ogee::parse(text, "fuzz.arch", sink);
  ogee::dump(*file, llvm::nulls());
  return 0;
}

// One table of families; everything else is theirs.
#include "lib/Generate/Cpu/Emit.h"

#include "lib/Generate/Cpu/Families.h"
#include "lib/Generate/Cpu/Finish.h"

using namespace mlir;
using namespace ogee;

namespace {

struct Emitter {
  kernel::Family family;
  FailureOr<KernelSizes> (*size)(kernel::FuncOp, const Target &);
  LogicalResult (*emit)(ModuleOp, kernel::FuncOp, const Target &);
};

} // namespace

static constexpr Emitter kEmitters[] = {
    {kernel::Family::Contraction, sizeContraction, emitContraction},
    {kernel::Family::Attention, sizeAttention, emitAttention},
    {kernel::Family::Row, sizeRow, emitRow},
    {kernel::Family::Column, sizeColumn, emitColumn},
    {kernel::Family::Move, sizeMove, emitMove},
};

static const Emitter *emitterOf(kernel::FuncOp kernel) {
  for (const Emitter &emitter : kEmitters)
    if (emitter.family == kernel.getFamily())
      return &emitter;
  kernel.emitOpError() << "belongs to a family without an emitter";
  return nullptr;
}

FailureOr<KernelSizes> ogee::sizeKernel(kernel::FuncOp kernel,
                                        const Target &target) {
  const Emitter *emitter = emitterOf(kernel);
  if (!emitter)
    return failure();
  FailureOr<KernelSizes> sizes = emitter->size(kernel, target);
  if (succeeded(sizes))
    sizes->scratch = std::max(sizes->scratch, finishScratch(kernel));
  return sizes;
}

FailureOr<OwningOpRef<ModuleOp>> ogee::emitKernel(kernel::FuncOp kernel,
                                                  const Target &target) {
  const Emitter *emitter = emitterOf(kernel);
  if (!emitter)
    return failure();
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(kernel.getLoc(), kernel.getSymName());
  if (failed(emitter->emit(*module, kernel, target)))
    return failure();
  return module;
}

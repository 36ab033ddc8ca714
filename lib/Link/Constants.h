// Builds C structs of constants in an LLVM module: each field becomes a
// constant of the C type's size, so that natural alignment gives the C layout.
#ifndef OGEE_LIB_LINK_CONSTANTS_H
#define OGEE_LIB_LINK_CONSTANTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"

namespace ogee {

class Constants {
public:
  explicit Constants(llvm::Module &module)
      : module(module), context(module.getContext()) {}

  llvm::Constant *i32(int64_t value) {
    return llvm::ConstantInt::getSigned(llvm::Type::getInt32Ty(context), value);
  }
  llvm::Constant *i64(int64_t value) {
    return llvm::ConstantInt::getSigned(llvm::Type::getInt64Ty(context), value);
  }
  llvm::Constant *f64(double value) {
    return llvm::ConstantFP::get(llvm::Type::getDoubleTy(context), value);
  }
  llvm::Constant *null() {
    return llvm::ConstantPointerNull::get(llvm::PointerType::get(context, 0));
  }

  /// A struct of these fields.
  llvm::Constant *record(llvm::ArrayRef<llvm::Constant *> fields) {
    return llvm::ConstantStruct::getAnon(context, fields);
  }

  /// A pointer to a zero-terminated string.
  llvm::Constant *string(llvm::StringRef text) {
    return global(llvm::ConstantDataArray::getString(context, text));
  }

  /// The same; null for a text that is not there.
  llvm::Constant *text(llvm::StringRef value) {
    return value.empty() ? null() : string(value);
  }

  /// A pointer to the numbers; null if there are none.
  llvm::Constant *numbers(llvm::ArrayRef<int64_t> values) {
    if (values.empty())
      return null();
    llvm::SmallVector<uint64_t> words(values.begin(), values.end());
    return global(
        llvm::ConstantDataArray::get(context, llvm::ArrayRef<uint64_t>(words)));
  }

  llvm::Constant *bytes(llvm::ArrayRef<char> data) {
    return global(llvm::ConstantDataArray::getString(
        context, llvm::StringRef(data.data(), data.size()),
        /*AddNull=*/false));
  }

  /// A pointer to the elements, all of one type; null if there are none.
  llvm::Constant *array(llvm::ArrayRef<llvm::Constant *> elements) {
    if (elements.empty())
      return null();
    auto *type =
        llvm::ArrayType::get(elements.front()->getType(), elements.size());
    return global(llvm::ConstantArray::get(type, elements));
  }

  /// The address of a function that another object defines.
  llvm::Constant *function(llvm::StringRef name) {
    auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
    return llvm::cast<llvm::Constant>(
        module.getOrInsertFunction(name, type).getCallee());
  }

private:
  llvm::Constant *global(llvm::Constant *value) {
    auto *variable =
        new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                 llvm::GlobalValue::PrivateLinkage, value);
    variable->setAlignment(llvm::Align(16));
    return variable;
  }

  llvm::Module &module;
  llvm::LLVMContext &context;
};

} // namespace ogee

#endif // OGEE_LIB_LINK_CONSTANTS_H

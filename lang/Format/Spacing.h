//===- Spacing.h - What stands between two tokens of a line ---------------===//
#ifndef OGEE_LANG_FORMAT_SPACING_H
#define OGEE_LANG_FORMAT_SPACING_H

#include "lang/Parse/Tokens.h"

namespace ogee::layout {

bool isOpening(const SourceToken &token); ///< `(` or `[`.
bool isClosing(const SourceToken &token); ///< `)` or `]`.
/// True if an operand may end with the token, so that a `-` after it subtracts.
bool endsOperand(const SourceToken &token);
/// True for an operator after whose `index`th token a line may go on below.
bool isBreakable(const std::vector<SourceToken> &tokens, size_t index);
/// True if a space stands before the `index`th token when the one before it
/// stands on the same line; not asked after an opening bracket.
bool hasSpaceBefore(const std::vector<SourceToken> &tokens, size_t index);

} // namespace ogee::layout

#endif // OGEE_LANG_FORMAT_SPACING_H

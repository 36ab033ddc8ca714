#ifndef OGEE_LIB_GENERATE_CPU_CONTRACTIONGROUPS_H
#define OGEE_LIB_GENERATE_CPU_CONTRACTIONGROUPS_H

#include "lib/Generate/Cpu/ContractionPlan.h"

namespace ogee {

/// Fills in the groups of rows and panels and the blocks of k of a product
/// whose tiles and panels are known. What `tile` says is obeyed.
void chooseGroups(const ContractionPlan &plan, const Product &product,
                  ProductPlan &shape, kernel::TileAttr tile,
                  const Target &target);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_CONTRACTIONGROUPS_H

// RUN: ogee-opt %s --ogee-join-launches | FileCheck %s

kernel.func @k(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>, box = array<i64: 4>, row = 0 : i64} {
  kernel.yield %x : tensor<4xf32>
}

// CHECK-LABEL: kernel.program @step
kernel.program @step(%x: tensor<4xf32>, %u: tensor<4xf32> {nn.class = "param", nn.path = "u"}, %v: tensor<4xf32> {nn.class = "param", nn.path = "v"})
    -> (tensor<4xf32> {nn.name = "loss"}, tensor<4xf32> {nn.updates = "u"}, tensor<4xf32> {nn.updates = "v"}) {
  // CHECK-NEXT: kernel.launch @k(%arg0, %arg1) :
  %0 = kernel.launch @k(%x, %u) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // Independent.
  // CHECK-NEXT: kernel.launch @k(%arg0, %arg2) {joins} :
  %1 = kernel.launch @k(%x, %v) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // Reads what the one before makes.
  // CHECK-NEXT: [[LOSS:%.*]] = kernel.launch @k({{.*}}) :
  %loss = kernel.launch @k(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // The loss is checked before the first update, which has a barrier.
  // CHECK-NEXT: [[D:%.*]] = kernel.launch @k({{.*}}) :
  %d = kernel.launch @k(%0, %v) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: kernel.launch @k(%arg1, %arg0) :
  %nextu = kernel.launch @k(%u, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // Later ones need none, unless a neighbour reads what they overwrite.
  // CHECK-NEXT: [[E:%.*]] = kernel.launch @k([[D]], %arg2) {joins} :
  %e = kernel.launch @k(%d, %v) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: kernel.launch @k(%arg2, [[D]]) :
  %nextv = kernel.launch @k(%v, %d) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %loss, %nextu, %nextv : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

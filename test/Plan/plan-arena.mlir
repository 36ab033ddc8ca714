// RUN: ogee-opt %s --ogee-plan-arena --ogee-verify-plan --split-input-file | FileCheck %s

// A chain of row kernels: each result takes the place of the operand that dies.

kernel.func @double(%x: tensor<32xf32>) -> tensor<32xf32> attributes {family = #kernel.family<row>} {
  %e = tensor.empty() : tensor<32xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<32xf32>
  kernel.yield %y : tensor<32xf32>
}

// CHECK: module attributes {kernel.arena_bytes = 256 : i64, kernel.live_bytes = 256 : i64, kernel.persistent_bytes = 128 : i64}
// CHECK-LABEL: kernel.program @step
// CHECK-SAME: %{{.*}}: tensor<32xf32> {kernel.offset = 0 : i64
// CHECK-SAME: %{{.*}}: tensor<32xf32> {kernel.offset = 128 : i64
kernel.program @step(%w: tensor<32xf32> {nn.class = "param", nn.path = "w"}, %x: tensor<32xf32> {nn.class = "data", nn.name = "x"})
    -> (tensor<32xf32> {nn.name = "y"}, tensor<32xf32> {nn.updates = "w"}) {
  // CHECK: kernel.launch @double({{.*}}) {offsets = array<i64: 128, 128>}
  %0 = kernel.launch @double(%x) : (tensor<32xf32>) -> tensor<32xf32>
  // CHECK: kernel.launch @double({{.*}}) {offsets = array<i64: 128, 128>}
  %1 = kernel.launch @double(%0) : (tensor<32xf32>) -> tensor<32xf32>
  // The parameter's next value lives where the parameter does.
  // CHECK: kernel.launch @double({{.*}}) {offsets = array<i64: 0, 0>}
  %2 = kernel.launch @double(%w) : (tensor<32xf32>) -> tensor<32xf32>
  kernel.yield %1, %2 : tensor<32xf32>, tensor<32xf32>
}

// -----

// A column kernel reads all rows before its result is complete: no sharing. Its
// workspace lives for one launch.

kernel.func @sum(%x: tensor<4x16xf32>) -> tensor<4x16xf32> attributes {family = #kernel.family<column>, workspaces = array<i64: 100>} {
  kernel.yield %x : tensor<4x16xf32>
}

// CHECK: kernel.arena_bytes = 640
kernel.program @step(%x: tensor<4x16xf32> {nn.class = "data", nn.name = "x"}) -> (tensor<64xf32> {nn.name = "y"}) {
  // CHECK: kernel.launch @sum({{.*}}) {offsets = array<i64: 0, 256, 512>}
  %0 = kernel.launch @sum(%x) : (tensor<4x16xf32>) -> tensor<4x16xf32>
  %1 = tensor.collapse_shape %0 [[0, 1]] : tensor<4x16xf32> into tensor<64xf32>
  kernel.yield %1 : tensor<64xf32>
}

// RUN: ogee-opt %s | ogee-opt | FileCheck %s

// CHECK-LABEL: kernel.func @add
// CHECK-SAME: attributes {box = array<i64: 4, 8>, chunks = 2 : i64, family = #kernel.family<row>, row = 1 : i64}
kernel.func @add(%x: tensor<4x8xf32>, %y: tensor<8xf32>) -> tensor<4x8xf32>
    attributes {family = #kernel.family<row>, box = array<i64: 4, 8>, row = 1 : i64, chunks = 2 : i64} {
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (b)>, affine_map<(a, b) -> (a, b)>],
      iterator_types = ["parallel", "parallel"]} ins(%x, %y : tensor<4x8xf32>, tensor<8xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  // CHECK: kernel.yield %{{.*}} : tensor<4x8xf32>
  kernel.yield %1 : tensor<4x8xf32>
}

// CHECK: kernel.func @product{{.*}} tile = #kernel.tile<mr = 6, nr = 64, kc = 256, np = 4, rows = 128>
kernel.func @product(%x: tensor<4x8xf32>) -> tensor<4x8xf32>
    attributes {family = #kernel.family<contraction>, tile = #kernel.tile<mr = 6, nr = 64, kc = 256, np = 4, rows = 128>} {
  kernel.yield %x : tensor<4x8xf32>
}

kernel.func @update(%w: tensor<?xf32>, %rate: tensor<f32>) -> tensor<?xf32> attributes {family = #kernel.family<row>, list} {
  kernel.yield %w : tensor<?xf32>
}

// CHECK-LABEL: kernel.program @step
// CHECK-SAME: {nn.class = "param", nn.path = "w"}
kernel.program @step(%w: tensor<4x8xf32> {nn.class = "param", nn.path = "w"}, %b: tensor<8xf32>, %rate: tensor<f32>)
    -> (tensor<4x8xf32> {nn.updates = "w"}, tensor<8xf32>) {
  // CHECK: kernel.launch @add(%{{.*}}, %{{.*}}) {offsets = array<i64: 0, 128, 192>} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %0 = kernel.launch @add(%w, %b) {offsets = array<i64: 0, 128, 192>} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  // CHECK: kernel.launch @update({{.*}}) {joins, table = array<i64: 0, 0, 32, 1, 0, 8>}
  %1:2 = kernel.launch @update(%0, %rate, %b, %rate) {joins, table = array<i64: 0, 0, 32, 1, 0, 8>}
    : (tensor<4x8xf32>, tensor<f32>, tensor<8xf32>, tensor<f32>) -> (tensor<4x8xf32>, tensor<8xf32>)
  kernel.yield %1#0, %1#1 : tensor<4x8xf32>, tensor<8xf32>
}

// RUN: ogee-opt %s --ogee-generate-kernels=target=x86-64-v4 | FileCheck %s

// A function with the signature of runtime/Abi.h; the register tile is nothing
// but loads, broadcasts and fma.
// CHECK: llvm.func @small(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: !llvm.ptr)
// CHECK-COUNT-24: llvm.intr.fma({{.*}}vector<16xf32>
// CHECK-NOT: kernel.func
kernel.func @small(%a: tensor<32x48xf32>, %b: tensor<48x64xf32>) -> tensor<32x64xf32>
    attributes {family = #kernel.family<contraction>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<32x64xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<32x64xf32>) -> tensor<32x64xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<32x48xf32>, tensor<48x64xf32>) outs(%start : tensor<32x64xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %q = arith.addf %s, %p : f32
    linalg.yield %q : f32
  } -> tensor<32x64xf32>
  kernel.yield %c : tensor<32x64xf32>
}
